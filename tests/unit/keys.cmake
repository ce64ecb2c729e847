hotline_test(keys_test SOURCES keys_test.c LIBS cluster_keys)
