foreach(part attachment desk gateway query)
    hotline_test(client_${part}_test SOURCES client_${part}_test.c client_fake.c LIBS node_client)
endforeach()
hotline_test(client_zmq_test SOURCES client_zmq_test.c LIBS node_client)
