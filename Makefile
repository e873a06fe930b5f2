# SPDX-License-Identifier: GPL-2.0-or-later
# Everything is built below build/. 'make help' lists the targets.

# --- what it needs: the one place that names Debian's packages ---------------------------------------------------------
DEPS_BUILD = pkg-config libbpf-dev libcjson-dev zlib1g-dev libelf-dev
DEPS_TEST  = liburing-dev libcmocka-dev clang libclang-rt-14-dev llvm python3-jsonschema mandoc tmux bash-completion zsh fish \
             fio lsof util-linux-extra nodejs cpio busybox-static qemu-system-x86 libcap2-bin ca-certificates
DEPS_DEMO  = liburing-dev

CC        = gcc
CLANG     = clang
prefix    = /usr/local
BUILD     = build
WARN      = -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
CFLAGS    = -O2 -g
PYTHON    = /usr/bin/python3

# pkg-config's name of each library, and what to say if it is not there
LIBS      = libcjson libbpf
TEST_LIBS = cmocka liburing
need      = $(if $(shell command -v pkg-config),,$(error pkg-config is missing: Debian package pkg-config; 'make deps' installs it))$(foreach l,$(1),$(if $(shell pkg-config --exists $(l) && echo y),,$(error $(l) is missing: Debian package $(l)-dev or lib$(l)-dev; 'make deps' installs it)))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Iinclude -pthread $(WARN) $(CFLAGS) $(EXTRA)
ALL_LIBS   = $(shell pkg-config --libs $(LIBS)) -pthread $(EXTRA)

SRC  := $(wildcard src/*/*.c)
MAIN := src/cmd/uringctl.c
OBJ   = $(SRC:%.c=$(BUILD)/%.o)
LIBOBJ = $(filter-out $(MAIN:%.c=$(BUILD)/%.o),$(OBJ))

.PHONY: all deps deps-demo demo check asan bench fuzz vmtest install uninstall clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/uringctl

$(BUILD)/uringctl: $(OBJ)
	$(CC) $(ALL_CFLAGS) -o $@ $(OBJ) $(ALL_LIBS)

$(BUILD)/src/%.o: src/%.c | libs
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d)

.PHONY: libs test-libs
libs:
	$(call need,$(LIBS))
test-libs: libs
	$(call need,$(TEST_LIBS))
