hotline_test(directory_test SOURCES directory_test.c directory_fixture.c LIBS node_directory)
hotline_test(directory_yaml_test SOURCES directory_yaml_test.c directory_fixture.c LIBS node_directory)
hotline_test(directory_random_test SOURCES directory_random_test.c directory_fixture.c LIBS node_directory)
hotline_test(atlas_test SOURCES atlas_test.c LIBS node_directory)
hotline_test(place_test SOURCES place_test.c directory_fixture.c LIBS node_directory)
foreach(test atlas_test place_test)
    target_compile_definitions(${test} PRIVATE PREFIXES="${CMAKE_SOURCE_DIR}/ops/data/itu-prefixes.tsv"
                                               ZONE_TAB="/usr/share/zoneinfo/zone.tab")
endforeach()
# Messages hold their texts as char *, and these tests fill them with literals.
set_source_files_properties(directory_test.c directory_random_test.c directory_yaml_test.c directory_fixture.c
                            PROPERTIES COMPILE_OPTIONS -Wno-write-strings)
