foreach(test sessions_test sessions_words_test)
    hotline_test(${test} SOURCES ${test}.c LIBS node_sessions)
endforeach()
