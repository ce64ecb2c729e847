hotline_test(selftest_parts_test SOURCES selftest_parts_test.c board_rig.c LIBS node_selftest cluster_store)
target_compile_definitions(selftest_parts_test PRIVATE HOTLINE_PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv")
