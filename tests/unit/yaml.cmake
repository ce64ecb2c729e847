hotline_test(yaml_test SOURCES yaml_test.c LIBS node_yaml)
