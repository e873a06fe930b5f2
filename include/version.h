/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef URINGTOP_VERSION_H
#define URINGTOP_VERSION_H
#define VERSION "0.1.0"
#endif
