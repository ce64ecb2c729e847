foreach(part text right wrong callbacks nearest)
    hotline_test(history_${part}_test SOURCES history_${part}_test.c history_rig.c LIBS chaos_history)
endforeach()
