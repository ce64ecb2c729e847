hotline_test(key_pairs_test SOURCES key_pairs_test.c LIBS cluster_keys)
hotline_test(rights_test SOURCES rights_test.c LIBS node_sessions)
hotline_test(sessions_test SOURCES sessions_test.c LIBS node_sessions)
