hotline_test(selftest_test SOURCES selftest_test.c board_rig.c LIBS node_selftest cluster_store)
target_compile_definitions(selftest_test PRIVATE HOTLINE_PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv")
