hotline_test(store_test SOURCES store_test.c LIBS cluster_store)
