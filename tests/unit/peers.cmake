hotline_test(peers_test SOURCES peers_test.c fake_world.c LIBS cluster_peers)
