# What tests/bench/run measures with, beside route_bench. They are clients of real nodes, so they need libhotline.
if(TARGET node_client)
    add_library(bench STATIC bench.c bare.c commit.c)
    target_link_libraries(bench PUBLIC house cluster_base node_client PkgConfig::ZMQ PkgConfig::LMDB)
    foreach(program ring_bench accept_bench open_bench)
        add_executable(${program} ${program}.c)
        target_link_libraries(${program} PRIVATE bench proto)
    endforeach()
endif()
