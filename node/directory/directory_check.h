// Is this a directory that can be used? Every fault is told, with the thing and the field it is in, so that whoever
// read it from a file can name the line. Pure. Inside node/directory only.
#ifndef NODE_DIRECTORY_DIRECTORY_CHECK_H
#define NODE_DIRECTORY_DIRECTORY_CHECK_H

#include "node/directory/sections.h"

struct directory_fault {
    enum section section;
    size_t index;       // in the section as it stands in the message; SECTION_WHOLE: the section
    const char *field;  // NULL: the thing as a whole
    size_t first;       // where the thing is given twice: the first of them; otherwise SECTION_WHOLE
    const char *text;   // what is wrong; lent during the call
};

typedef void directory_fault_fn(void *context, const struct directory_fault *fault);

// False: something was told.
bool directory_check(const Rec__Directory *directory, directory_fault_fn *tell, void *context);

#endif
