foreach(part attachment cursor desk gateway order query storm)
    hotline_test(client_${part}_test SOURCES client_${part}_test.c client_fake.c LIBS node_client)
endforeach()
hotline_test(client_zmq_test SOURCES client_zmq_test.c LIBS node_client)
add_test(NAME client_package_test
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/client_package.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR} ${CMAKE_COMMAND}
                 ${CMAKE_C_COMPILER} "${CMAKE_C_FLAGS}")
set_tests_properties(client_package_test PROPERTIES TIMEOUT 120)
