add_executable(route_bench ${CMAKE_CURRENT_LIST_DIR}/route_bench.c)
target_link_libraries(route_bench PRIVATE node_route)
