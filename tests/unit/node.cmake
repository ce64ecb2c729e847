hotline_test(node_events_test SOURCES node_events_test.c LIBS node_core node_client cluster_store)
target_compile_definitions(node_events_test PRIVATE HOTLINE_PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv")
