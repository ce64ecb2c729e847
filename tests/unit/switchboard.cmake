foreach(test switchboard_test switchboard_crossing_test switchboard_lost_words_test switchboard_storm_test
        switchboard_wraps_test callbacks_test callbacks_versions_test diverts_test orphans_test)
    hotline_test(${test} SOURCES ${test}.c board_rig.c LIBS node_switchboard cluster_store)
    target_compile_definitions(${test} PRIVATE HOTLINE_PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv")
endforeach()
