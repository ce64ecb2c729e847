hotline_test(switchboard_test SOURCES switchboard_test.c board_rig.c LIBS node_switchboard cluster_store)
target_compile_definitions(switchboard_test PRIVATE HOTLINE_PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv")
