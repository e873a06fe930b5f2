/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capabilities of this process. */
#ifndef URINGTOP_CAPS_H
#define URINGTOP_CAPS_H

#include <stdbool.h>

/* Is it effective? True where that is not to be learnt. cap: CAP_ of linux/capability.h. */
bool caps_have(unsigned cap);

#endif
