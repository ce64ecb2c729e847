// A node alone with its input.
#include "chaos/sim/city.h"
#include "chaos/sim/sim.h"
#include "cluster/store/disk_memory.h"
#include "node/directory/directory.h"
#include "node/directory/shelf.h"
#include "node/node.h"
#include "tests/fuzz/fuzz.h"

#include "client.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS_PER_NODE 2000
#define TURN_MS 40
#define LOOKS_PER_BATCH 13  // of a disk that lags

static struct alone {
    struct world world;
    struct now now;
    uint64_t random;
    struct config config;
    struct disk_memory *medium;
    struct disk *disk;
    struct node *node;
    uint32_t inputs;
    fuzz_said *said;
} alone;

static struct disk_type moving;
static uint64_t (*written)(struct disk *);

static uint64_t written_moving(struct disk *disk)
{
    static uint32_t looks;
    if (++looks % LOOKS_PER_BATCH == 0)
        disk_memory_commit(disk, written(disk) + 1);
    return written(disk);
}

void fuzz_node_move_disk(void)
{
    moving = *alone.disk->type;
    written = moving.written;
    moving.written = written_moving;
    alone.disk->type = &moving;
    disk_memory_set_immediate(alone.medium, false);
}

static struct now now_of(struct world *world)
{
    (void)world;
    return alone.now;
}

static void random_of(struct world *world, void *to, size_t bytes)
{
    (void)world;
    for (size_t i = 0; i < bytes; i++) {
        alone.random = alone.random * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)to)[i] = (uint8_t)(alone.random >> 56);
    }
}

static void wake_at(struct world *world, uint64_t mono_us)
{
    (void)world;
    (void)mono_us;
}

static bool link_open(struct world *world, uint32_t link, const char *control, const char *bulk)
{
    (void)world;
    (void)link;
    (void)control;
    (void)bulk;
    return true;
}

static void link_close(struct world *world, uint32_t link)
{
    (void)world;
    (void)link;
}

static bool send_peer(struct world *world, uint32_t link, enum world_channel channel, struct span message)
{
    (void)world;
    (void)link;
    (void)channel;
    (void)message;
    return true;
}

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    (void)world;
    if (alone.said != NULL)
        alone.said(client, message);
    return true;
}

static bool send_own(struct world *world, struct span message)
{
    (void)world;
    (void)message;
    return true;  // its test calls are never answered
}

static const struct world_type world_type = {.now = now_of,
                                             .random = random_of,
                                             .wake_at = wake_at,
                                             .link_open = link_open,
                                             .link_close = link_close,
                                             .send_peer = send_peer,
                                             .send_client = send_client,
                                             .send_own = send_own};

// The simulator's directory, applied as an admin would.
static void apply(struct sim *sim)
{
    Cli__ApplyPart part = CLI__APPLY_PART__INIT;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    struct world_client client = {.id = "admin", .bytes = 5};
    message.body_case = CLI__TO_NODE__BODY_APPLY_PART;
    message.apply_part = &part;
    part.query = part.count = 1;
    part.total_bytes = (uint32_t)sim->directory.count;
    part.bytes = (ProtobufCBinaryData){sim->directory.count, sim->directory.data};
    part.force = true;
    struct bytes packed = {0};
    size_t bytes = cli__to_node__get_packed_size(&message);
    cli__to_node__pack(&message, bytes_grow(&packed, bytes));
    node_client_message(alone.node, &client, "", (struct span){packed.data, bytes});
    fuzz_node_turn(alone.node);
    bytes_close(&packed);
}

static void begin(void)
{
    struct problem problem;
    struct sim *sim = check_alloc(sizeof *sim);
    sim->node_count = 3;
    sim->agent_count = 12;
    sim->gateway_count = 2;
    sim->options = (struct sim_options){.seed = 1, .reattach_ms = 3000, .adopt_after_ms = 3000};
    city_config(sim, 0, &alone.config);
    city_write_directory(sim);
    alone.world.type = &world_type;
    alone.now = (struct now){.mono_us = 1000000, .wall_ms = 1700000000000};
    alone.random = 1;
    alone.medium = disk_memory_create();
    disk_memory_set_immediate(alone.medium, true);
    alone.disk = disk_memory_open(alone.medium);
    alone.node = node_create(&alone.world, alone.disk, &alone.config, &problem);
    check(alone.node != NULL);
    fuzz_node_turn(alone.node);
    apply(sim);
    bytes_close(&sim->directory);
    free(sim);
}

static void end(void)
{
    node_free(alone.node);
    alone.disk->type->close(alone.disk);
    disk_memory_free(alone.medium);
    alone.node = NULL;
}

struct node *fuzz_node(void)
{
    if (alone.node != NULL && alone.inputs++ % INPUTS_PER_NODE == 0)
        end();
    if (alone.node == NULL)
        begin();
    return alone.node;
}

struct now fuzz_node_now(void)
{
    return alone.now;
}

void fuzz_node_sleep(uint32_t ms)
{
    alone.now.mono_us += (uint64_t)ms * 1000;
    alone.now.wall_ms += ms;
}

void fuzz_node_listen(fuzz_said *said)
{
    alone.said = said;
}

void fuzz_node_turn(struct node *node)
{
    fuzz_node_sleep(TURN_MS);
    node_wake(node);
    node_turn_end(node);
    node_disk_written(node);
}
