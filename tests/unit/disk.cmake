hotline_test(disk_memory_test SOURCES disk_memory_test.c disk_conformance.c LIBS cluster_store)
    hotline_test(disk_lmdb_test SOURCES disk_lmdb_test.c disk_lmdb_crash_test.c disk_conformance.c LIBS cluster_store)
