hotline_test(config_test SOURCES config_test.c LIBS node_config)
