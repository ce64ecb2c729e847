foreach(part attachment)
    hotline_test(client_${part}_test SOURCES client_${part}_test.c client_fake.c LIBS node_client)
endforeach()
