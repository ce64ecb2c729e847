hotline_test(figures_test SOURCES figures_test.c LIBS node_core node_switchboard)
