foreach(test peers_test peers_boot_test peers_relay_test peers_carry_test peers_versions_test)
    hotline_test(${test} SOURCES ${test}.c peers_rig.c fake_world.c LIBS cluster_peers)
endforeach()
