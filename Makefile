# SPDX-License-Identifier: GPL-2.0-or-later
# Everything is built below build/. 'make help' lists the targets, V=1 shows the commands.

# --- what it needs: the one place that names Debian's packages ---------------------------------------------------------
DEPS_BUILD = pkg-config libbpf-dev libcjson-dev libncurses-dev libelf-dev zlib1g-dev clang bpftool linux-libc-dev
DEPS_DEMO  =
DEPS_TEST  = libcmocka-dev libclang-rt-14-dev llvm python3 python3-jsonschema mandoc tmux bash-completion zsh fish \
             shellcheck clang-format qemu-system-x86 busybox-static cpio strace util-linux
DEPS_BENCH = fio lsof util-linux-extra htop

CC      = gcc
CLANG   = clang
BPFTOOL = /usr/sbin/bpftool
prefix  = /usr/local
DESTDIR =
BUILD   = build
PYTHON  = /usr/bin/python3
WARN    = -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
CFLAGS  = -O2 -g
Q       = $(if $(V),,@)

# Libraries by pkg-config's names; each is in the Debian package lib<name>-dev, but for those that package_of names.
LIBS      = libcjson libbpf ncursesw
package_of = $(if $(filter ncursesw,$(1)),libncurses-dev,lib$(1:lib%=%)-dev)
TEST_LIBS = cmocka
missing   = $(error $(1) is missing: Debian package $(2) has it, and 'make deps' installs all that is needed)
need      = $(if $(shell command -v pkg-config),,$(call missing,pkg-config,pkg-config))$(foreach l,$(1),$(if $(shell pkg-config --exists $(l) && echo y),,$(call missing,$(l),$(call package_of,$(l)))))

COMMON    = -std=c11 -D_GNU_SOURCE -Iinclude -pthread $(WARN) $(CFLAGS) $(EXTRA)
LINK      = -Wl,--as-needed $(shell pkg-config --libs $(LIBS)) -lm -pthread

SRC    := $(filter-out %.bpf.c,$(wildcard src/*/*.c))
PROGRAMS = uringctl uringtop
MAIN   := $(PROGRAMS:%=src/cmd/%.c)
OBJ     = $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/schema.o
LIBOBJ  = $(filter-out $(MAIN:%.c=$(BUILD)/%.o),$(OBJ))
UNIT   := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
MAN1   := $(wildcard man/*.1)
MAN5   := $(wildcard man/*.5)

.PHONY: all deps deps-build demo check asan bench fuzz vmtest install uninstall clean help libs test-programs
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS:%=$(BUILD)/%)

help:
	@echo 'make            build $(PROGRAMS:%=$(BUILD)/%)'
	@echo 'make demo       set up, build, make real rings and show them'
	@echo 'make check      install what the tests need and run all of them'
	@echo 'make deps       install what building and testing need (Debian packages, as root)'
	@echo 'make asan       the tests that AddressSanitizer and UBSan can run, with both'
	@echo 'make fuzz       fuzz every parser for a while (SECONDS_EACH=60)'
	@echo 'make vmtest     the live tests on other kernels, in qemu'
	@echo 'make bench      side-by-side ratios of speed and disturbance'
	@echo 'make install    to $$(DESTDIR)$$(prefix): programs, man pages, completions; make uninstall takes them away'
	@echo 'make clean      remove $(BUILD)'

deps:
	./tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_BENCH)

deps-build:
	./tests/deps.sh $(DEPS_BUILD) $(DEPS_DEMO)

# --- the program --------------------------------------------------------------------------------------------------------

$(PROGRAMS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/src/cmd/%.o $(LIBOBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)

$(BUILD)/%.o: %.c | libs
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(COMMON) -Itests/lib -MMD -MP -c -o $@ $<

# the JSON Schema as a C string
$(BUILD)/schema.c: src/snapshot/schema.json
	@mkdir -p $(@D)
	$(Q){ echo '#include "snapjson.h"'; echo 'const char snap_json_schema[] ='; \
	  sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } > $@
$(BUILD)/schema.o: $(BUILD)/schema.c | libs
	@echo "  CC   $<"
	$(Q)$(CC) $(COMMON) -c -o $@ $<

# the BPF programs, each set as one object, and that as a C header: clang compiles them whichever compiler does the rest
SKEL = $(BUILD)/uring.skel.h $(BUILD)/trace.skel.h
BPF_uring = src/kernel/all.bpf.c
BPF_trace = src/trace/trace.bpf.c
$(SKEL): $(BUILD)/%.skel.h: $(wildcard src/*/*.bpf.c src/kernel/*.h src/trace/*.h) include/krecords.h include/trecords.h | libs
	@mkdir -p $(@D)
	@echo "  BPF  $@"
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -ffreestanding -Iinclude $(filter-out -Wmissing-prototypes,$(WARN)) -c $(BPF_$*) -o $(BUILD)/$*.raw.o
	$(Q)$(BPFTOOL) gen object $(BUILD)/$*.bpf.o $(BUILD)/$*.raw.o
	$(Q)$(BPFTOOL) gen skeleton $(BUILD)/$*.bpf.o name $* > $@
$(BUILD)/src/kernel/programs.o $(BUILD)/src/trace/tracer.o: $(SKEL)
$(BUILD)/src/kernel/programs.o $(BUILD)/src/trace/tracer.o: COMMON += -isystem $(BUILD)

libs:
	$(call need,$(LIBS))

# --- the tests ----------------------------------------------------------------------------------------------------------

ZOO_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/ringzoo/*.c))
LIVE_OBJ = $(patsubst %.c,$(BUILD)/%.o,tests/live/live.c tests/live/ask.c tests/live/zoo_client.c tests/lib/tap.c)
INSIDE_OBJ = $(patsubst %.c,$(BUILD)/%.o,tests/live/inside.c tests/live/ask.c tests/live/zoo_client.c tests/lib/tap.c)
HARM_OBJ = $(patsubst %.c,$(BUILD)/%.o,tests/live/harm.c tests/live/zoo_client.c tests/lib/tap.c)

$(BUILD)/ringzoo: $(ZOO_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/mix $(BUILD)/cmd $(BUILD)/late $(BUILD)/heavy $(BUILD)/forger $(BUILD)/flood: $(BUILD)/%: $(BUILD)/tests/live/%.o $(BUILD)/tests/ringzoo/zring.o
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/silent: $(BUILD)/tests/live/silent.o $(BUILD)/tests/live/silent_fuse.o $(BUILD)/tests/ringzoo/zring.o
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/live: $(LIVE_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/inside: $(INSIDE_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/maplock: $(patsubst %.c,$(BUILD)/%.o,tests/live/maplock.c tests/live/zoo_client.c tests/lib/tap.c) $(LIBOBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/liar.so: tests/live/liar.c
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(filter-out $(SAN),$(COMMON)) -shared -fPIC -o $@ $<
$(BUILD)/harm: $(HARM_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIBOBJ)
	$(call need,$(TEST_LIBS))
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK) $(shell pkg-config --libs $(TEST_LIBS))
# the fuzzers with a plain driver; with CLANG they are libFuzzer's (make fuzz)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/driver.o $(LIBOBJ)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(COMMON) -o $@ $^ $(LINK)
$(BUILD)/bench/%: tests/bench/%.c $(LIBOBJ) | libs $(SKEL)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(COMMON) -isystem $(BUILD) -o $@ $< $(LIBOBJ) $(LINK)

test-programs: all $(BUILD)/ringzoo $(BUILD)/mix $(BUILD)/cmd $(BUILD)/late $(BUILD)/heavy $(BUILD)/forger $(BUILD)/flood $(BUILD)/silent $(BUILD)/live $(BUILD)/inside $(BUILD)/maplock $(BUILD)/liar.so $(BUILD)/harm $(BUILD)/bench/peak $(BUILD)/bench/crowd $(UNIT:%=$(BUILD)/unit/%) $(FUZZ:%=$(BUILD)/fuzz/%)

SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

check: deps
	./tests/run.sh $(BUILD)

asan:
	$(MAKE) BUILD=$(BUILD)/asan CFLAGS='-O1 -g' EXTRA='$(SAN)' test-programs

$(BUILD)/libfuzzer/%: tests/fuzz/%.c $(filter-out $(MAIN),$(SRC)) $(BUILD)/schema.c | $(SKEL)
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	$(Q)$(CLANG) $(COMMON) -isystem $(BUILD) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $^ $(LINK)

SECONDS_EACH = 60
fuzz: $(FUZZ:%=$(BUILD)/libfuzzer/%)
	@for f in $(FUZZ); do mkdir -p $(BUILD)/corpus/$$f; \
	  $(BUILD)/libfuzzer/$$f -max_total_time=$(SECONDS_EACH) -max_len=16384 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/ $(BUILD)/corpus/$$f tests/fuzz/corpus/$$f || exit 1; done

vmtest: test-programs
	./tests/vm/run.sh $(BUILD)

bench: all $(BUILD)/ringzoo $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
	$(PYTHON) tests/bench/run.py $(BUILD)

demo: deps-build
	@$(MAKE) --no-print-directory all $(BUILD)/ringzoo
	@./tests/demo.sh $(BUILD)

# --- installing ---------------------------------------------------------------------------------------------------------

bindir  = $(DESTDIR)$(prefix)/bin
mandir  = $(DESTDIR)$(prefix)/share/man
bashdir = $(DESTDIR)$(prefix)/share/bash-completion/completions
zshdir  = $(DESTDIR)$(prefix)/share/zsh/site-functions
fishdir = $(DESTDIR)$(prefix)/share/fish/vendor_completions.d

install: all
	for p in $(PROGRAMS); do install -D -m 755 $(BUILD)/$$p $(bindir)/$$p && \
	  install -D -m 644 completions/$$p.bash $(bashdir)/$$p && install -D -m 644 completions/$$p.zsh $(zshdir)/_$$p && \
	  install -D -m 644 completions/$$p.fish $(fishdir)/$$p.fish || exit 1; done
	for m in $(MAN1); do install -D -m 644 $$m $(mandir)/man1/$${m##*/} || exit 1; done
	for m in $(MAN5); do install -D -m 644 $$m $(mandir)/man5/$${m##*/} || exit 1; done

uninstall:
	for p in $(PROGRAMS); do rm -f $(bindir)/$$p $(bashdir)/$$p $(zshdir)/_$$p $(fishdir)/$$p.fish || exit 1; done
	rm -f $(MAN1:man/%=$(mandir)/man1/%) $(MAN5:man/%=$(mandir)/man5/%)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
