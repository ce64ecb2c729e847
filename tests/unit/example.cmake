hotline_test(example_test SOURCES example_test.c LIBS node_directory)
target_compile_definitions(example_test PRIVATE EXAMPLE="${CMAKE_SOURCE_DIR}/ops/example"
                                                PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv"
                                                ZONE_TAB="/usr/share/zoneinfo/zone.tab")
