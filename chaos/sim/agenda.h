// Virtual time: what is to happen when. Things at the same time happen in the order they were put in.
#ifndef CHAOS_SIM_AGENDA_H
#define CHAOS_SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

// `number` is the caller's: most often the life of `subject`, so that what was meant for an earlier one is passed over.
typedef void agenda_happen(void *subject, uint64_t number);

struct agenda_item {
    uint64_t at_us, order;
    agenda_happen *happen;
    void *subject;
    uint64_t number;
};

struct agenda {  // zero is empty and valid
    uint64_t now_us, order;
    struct agenda_item *heap;
    uint32_t count, capacity;
};

void agenda_close(struct agenda *self);
void agenda_at(struct agenda *self, uint64_t at_us, agenda_happen *happen, void *subject, uint64_t number);
// Runs what is due until then; now_us is then until_us. Stops early when *stop becomes true.
void agenda_run(struct agenda *self, uint64_t until_us, const bool *stop);

#endif
