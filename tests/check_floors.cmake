# Floors are checked with every build, and the check itself is tested.
add_custom_target(check_floors ALL COMMAND ${CMAKE_CURRENT_LIST_DIR}/check_floors ${CMAKE_SOURCE_DIR}
                  COMMENT "floors: includes only go down")
add_test(NAME check_floors_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/check_floors_test)
