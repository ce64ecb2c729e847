hotline_test(sphere_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/sphere_test.c LIBS node_route m)
hotline_test(route_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/route_test.c LIBS node_route)
hotline_test(route_random_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/route_random_test.c LIBS node_route m)
hotline_test(waiting_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/waiting_test.c LIBS node_route)
