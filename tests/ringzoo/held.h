/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RINGZOO_HELD_H
#define RINGZOO_HELD_H

#include "zoo.h"

cJSON *held_pair(void);
cJSON *held_alone(void);
cJSON *held_working(void);
void keep_writing(void); /* through the second ring of held_working() */

#endif
