hotline_test(store_test SOURCES store_test.c LIBS cluster_store)
hotline_test(store_feed_test SOURCES store_feed_test.c LIBS cluster_store)
hotline_test(store_random_test SOURCES store_random_test.c LIBS cluster_store)
hotline_test(store_size_test SOURCES store_size_test.c LIBS cluster_store)
