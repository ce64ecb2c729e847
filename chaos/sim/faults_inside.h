// What the files of faults share: each fault, and how one is drawn, begun and ended.
#ifndef CHAOS_SIM_FAULTS_INSIDE_H
#define CHAOS_SIM_FAULTS_INSIDE_H

#include "chaos/sim/sim.h"

// ---- faults.c: drawing

uint64_t faults_draw(struct sim *sim, uint64_t least, uint64_t most);
uint64_t faults_draw_while_ms(struct sim *sim);  // mostly short, sometimes long
struct server *faults_draw_server(struct sim *sim);
void faults_begin(struct sim *sim, enum met_kind kind, const char *name);  // MET_KINDS: met later, or not at all
void faults_after(struct sim *sim, uint64_t least_ms, uint64_t most_ms, agenda_happen *happen, void *subject,
                  uint64_t number);

// ---- faults_net.c

void fault_net(struct sim *sim);
void fault_cut(struct sim *sim);

// ---- faults_nodes.c

void fault_crash(struct sim *sim);
void fault_disk(struct sim *sim);
void fault_pause(struct sim *sim);
void fault_clock(struct sim *sim);  // a node's, or a client's
void fault_region(struct sim *sim);

// ---- faults_clients.c

void fault_client(struct sim *sim);

#endif
