# xentui: `make run` opens it, `make test` tries it. `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# What each part needs of Debian, named once.
RUN_PACKAGES  = python3-venv python3-dev gcc pkg-config libvirt-dev libparted-dev
TEST_PACKAGES = tmux libvirt-daemon libvirt-clients openssh-client openssh-server ncurses-bin procps \
                mount fdisk gdisk parted e2fsprogs dosfstools ntfs-3g lvm2 qemu-utils libcap2-bin
ISO_PACKAGES  = mmdebstrap squashfs-tools squashfs-tools-ng xorriso mtools dosfstools grub-common grub-pc-bin grub-efi-amd64-bin \
                debian-archive-keyring uidmap
XEN_PACKAGES  = qemu-system-x86 openssh-client

.PHONY: help run test test-xen test-xen-all test-xen-move test-iso lint bench pictures amd64 plusguests-amd64 i386 clean
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

# $(call install,PACKAGES): installs what is missing, or says the command and stops.
define install
@missing=""; for p in $(1); do \
	dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then \
	command -v apt-get >/dev/null || { echo "xentui needs these Debian packages:$$missing" >&2; exit 1; }; \
	if [ "$$(id -u)" = 0 ]; then sudo=""; \
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then sudo="sudo"; \
	else echo "Missing packages. As root, run: apt-get install --no-install-recommends$$missing" >&2; exit 1; fi; \
	$$sudo apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >&2; \
fi
endef

$(VENV)/run.stamp: pyproject.toml
	$(call install,$(RUN_PACKAGES))
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(call install,$(TEST_PACKAGES))
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

run: $(VENV)/run.stamp ## open xentui: the dom0 of this machine, or the demo dom0
	@$(BIN)/xentui $(ARGS)

lint: $(VENV)/dev.stamp ## ruff, mypy, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/dev.stamp ## everything that needs no Xen, under 5 minutes
	$(BIN)/pytest -q -n 4 --dist loadfile

test-xen: $(VENV)/dev.stamp ## boot a real Xen in QEMU and test there, under 25 minutes
	$(call install,$(ISO_PACKAGES) $(XEN_PACKAGES))
	$(BIN)/pytest -q -m "not extra and not iso" tests/xen

test-xen-all: $(VENV)/dev.stamp ## the same with the tests that take longer
	$(call install,$(ISO_PACKAGES) $(XEN_PACKAGES))
	$(BIN)/pytest -q -m "not iso" tests/xen

test-iso: $(VENV)/dev.stamp ## boot the whole Live CD in QEMU by BIOS and UEFI, keep changes, install it; an hour
	$(call install,$(ISO_PACKAGES) $(XEN_PACKAGES) ovmf)
	$(BIN)/pytest -q -s -m iso tests/xen

test-xen-move: $(VENV)/dev.stamp ## two Xen machines on one network, a guest moved between them while it runs
	$(call install,$(ISO_PACKAGES) $(XEN_PACKAGES))
	$(BIN)/pytest -q -m move tests/xen

amd64: $(VENV)/run.stamp ## build the Live CD without guests, into dist/ (ARGS="--keyboard de" ...)
	$(call install,$(ISO_PACKAGES))
	@$(BIN)/xentui livecd build --no-guests --output dist/xentui-$(VERSION)-amd64.iso $(ARGS)

plusguests-amd64: $(VENV)/run.stamp ## the same with four small guests and the Debian Installer
	$(call install,$(ISO_PACKAGES))
	@$(BIN)/xentui livecd build --guests --installer --dom0-memory 416 --output dist/xentui-$(VERSION)-plusguests-amd64.iso $(ARGS)

i386: ## says why there is none
	@echo "There is no i386 image: Xen runs on 64-bit processors only since 4.3, and Debian 13 has no i386 kernel." >&2; exit 1

pictures: $(VENV)/dev.stamp ## the README's pictures, from the real program
	$(BIN)/python tests/pictures.py

bench: $(VENV)/dev.stamp ## bytes, latency and CPU beside curses and the stock driver
	$(BIN)/python tests/bench/emulator.py
	$(BIN)/python tests/bench/console.py
	$(BIN)/python tests/bench/serial.py
	$(BIN)/python tests/bench/disks.py
	$(BIN)/python tests/bench/plans.py

clean: ## remove the environment and what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
