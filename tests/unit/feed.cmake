set(feed_world feed_cluster.c fake_world.c)
hotline_test(feed_random_test SOURCES feed_random_test.c ${feed_world} LIBS cluster_feed)
hotline_test(feed_join_test SOURCES feed_join_test.c ${feed_world} LIBS cluster_feed)
