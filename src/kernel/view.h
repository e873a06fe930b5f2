/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's structures as far as they are read, for CO-RE: a field's place comes from the running kernel, and whether it has
 * the field at all. Fields of different kernels stand side by side, each with the versions that have it; one name with two
 * types takes a flavour (___). The sources are include/linux/io_uring_types.h, io_uring/ (before 5.19: fs/io_uring.c,
 * fs/io-wq.c) and the headers of fs, sched and cred. The loader looks through all types of the kernel for each structure
 * here: the fewer there are, the sooner it is done.
 */
#ifndef URINGTOP_KERNEL_VIEW_H
#define URINGTOP_KERNEL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
typedef int8_t __s8;
typedef int16_t __s16;
typedef int32_t __s32;
typedef int64_t __s64;
typedef uint16_t __be16;
typedef uint32_t __be32;
typedef uint32_t __wsum;

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* --- lists ---------------------------------------------------------------------------------------------------------- */

struct list_head {
	struct list_head *next, *prev;
};
struct hlist_node {
	struct hlist_node *next;
};
struct hlist_head {
	struct hlist_node *first;
};
struct llist_node {
	struct llist_node *next;
};
struct llist_head {
	struct llist_node *first;
};
struct io_wq_work_node {
	struct io_wq_work_node *next;
};
struct io_wq_work_list {
	struct io_wq_work_node *first;
};
/* 7.3: a queue of many producers took the place of the llist of task work */
struct mpscq {
	struct llist_node stub;
};
struct xarray {
	void *xa_head;
};
struct xa_node {
	unsigned char shift;
	void *slots[64]; /* 16 with CONFIG_BASE_SMALL */
};
typedef struct {
	int counter;
} atomic_t;
typedef struct {
	int64_t counter;
} atomic64_t;
struct percpu_ref_data {
	atomic64_t count;
};
struct percpu_ref {
	unsigned long percpu_count_ptr;
	struct percpu_ref_data *data;
};

/* --- tasks ---------------------------------------------------------------------------------------------------------- */

struct ns_common {
	unsigned int inum;
};
struct pid_namespace {
	struct ns_common ns;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
typedef struct {
	unsigned int val;
} kuid_t;
typedef struct {
	unsigned int val;
} kgid_t;
typedef struct {
	uint64_t val; /* before 6.3 two words of 32 bits */
} kernel_cap_t;
struct cred {
	kuid_t uid, euid;
	kgid_t gid, egid;
	kernel_cap_t cap_effective;
};
struct rlimit {
	unsigned long rlim_cur;
};
struct signal_struct {
	atomic_t live;
	struct rlimit rlim[16];
	struct pid *pids[4];
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};
struct files_struct {
	struct fdtable *fdt;
};
struct mm_struct {
	atomic_t mm_users;
	int map_count;
	atomic64_t pinned_vm;
	struct task_struct *owner;   /* with CONFIG_MEMCG */
	struct vm_area_struct *mmap; /* up to 6.0 */
};
struct fs_struct;
struct task_struct {
	struct fs_struct *fs;
	unsigned int flags;
	volatile long state;  /* up to 5.13 */
	unsigned int __state; /* 5.14 */
	int exit_state;
	int pid, tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *real_cred;
	char comm[16];
	struct files_struct *files;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct io_uring_task *io_uring;
	struct io_restriction *io_uring_restrict; /* 7.x: what its rings begin with */
	void *pf_io_worker;			  /* 5.12 to 5.17 or so; of an io-wq worker: its struct io_worker */
	void *worker_private;			  /* since then */
	int wake_cpu;
	int recent_used_cpu;
	uint64_t utime, stime;
};
struct user_struct {
	kuid_t uid;
	atomic64_t locked_vm;
};

/* --- files ---------------------------------------------------------------------------------------------------------- */

struct qstr {
	union {
		uint64_t hash_len;
	};
	const unsigned char *name;
};
struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
};
struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct fs_struct {
	struct path pwd;
};
struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};
/* a socket and the inode that it is in */
struct proto {
	char name[32];
};
struct sock_common {
	unsigned short skc_family;
	struct proto *skc_prot;
};
struct sock {
	struct sock_common __sk_common;
	uint16_t sk_type;
};
struct socket {
	struct sock *sk;
};
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};
struct file_operations {
	void *show_fdinfo;
};
typedef struct {
	atomic64_t refcnt;
} file_ref_t;
struct file {
	const struct file_operations *f_op;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
	atomic64_t f_count; /* up to 6.12 */
	file_ref_t f_ref;   /* 6.13: below zero when it is dead */
};
struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	struct mm_struct *vm_mm;
	struct file *vm_file;
	struct vm_area_struct *vm_next; /* up to 6.0 */
};

/* --- the iterators' own --------------------------------------------------------------------------------------------- */

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	uint32_t fd;
	struct file *file;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* --- io_uring: requests --------------------------------------------------------------------------------------------- */

struct io_cqe {
	uint64_t user_data;
	int32_t res;
	union {
		uint32_t flags;
		int fd;
	};
};
struct io_wq_work {
	struct io_wq_work_node list;
};
struct io_task_work {
	struct llist_node node;
};
struct io_timeout {
	struct list_head list;
};
struct timerqueue_node {
	int64_t expires;
};
struct hrtimer {
	struct timerqueue_node node;
	unsigned char is_rel;
};
struct timespec64 {
	int64_t tv_sec;
	long tv_nsec;
};
struct io_timeout_data {
	struct hrtimer timer;
	struct timespec64 ts; /* up to 7.2 or earlier */
	int64_t time;	      /* after that, in ns */
	uint32_t flags;
};
struct io_rsrc_node;
struct io_kiocb {
	struct file *file;
	uint8_t opcode;
	uint64_t flags;	    /* 32 bits up to 6.6 */
	struct io_cqe cqe;  /* 5.19 */
	uint64_t user_data; /* before */
	struct io_ring_ctx *ctx;
	struct task_struct *task;   /* up to 6.12 */
	struct io_uring_task *tctx; /* 6.13 */
	struct io_wq_work_node comp_list;
	struct io_task_work io_task_work;
	struct hlist_node hash_node;
	struct list_head inflight_entry; /* up to 5.15: in iopoll_list */
	struct list_head iopoll_node;	 /* 7.x: the same */
	void *async_data;
	struct io_kiocb *link;
	struct io_rsrc_node *file_node; /* 6.13 */
	struct io_wq_work work;
};
struct io_defer_entry {
	struct list_head list;
	struct io_kiocb *req;
};
struct io_uring_cqe {
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	uint64_t big_cqe[2]; /* 5.19, a flexible array there */
};
struct io_overflow_cqe {
	struct list_head list;
	struct io_uring_cqe cqe;
};

/* --- io_uring: registered resources --------------------------------------------------------------------------------- */

/* up to 6.12 */
struct io_fixed_file {
	unsigned long file_ptr; /* flags in its low bits */
};
struct io_mapped_ubuf {
	uint64_t ubuf;
	uint64_t ubuf_end; /* up to 6.11 */
	uint64_t len;	   /* 6.12; 32 bits up to 6.18 */
	struct {
		atomic_t refs;
	} refs;	       /* 6.12 */
	bool is_kbuf;  /* 6.15 to 6.18 */
	uint8_t flags; /* 7.x */
};
/* 6.13: files and buffers alike */
struct io_rsrc_node {
	unsigned long file_ptr;
	struct io_mapped_ubuf *buf;
};
struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};
struct io_file_table {
	struct io_fixed_file *files; /* up to 6.12 */
	struct io_rsrc_data data;    /* 6.13 */
};
struct io_uring_buf_ring {
	uint64_t resv1;
	uint32_t resv2;
	uint16_t resv3, tail;
};
struct io_buffer {
	struct list_head list;
};
struct io_mapped_region {
	void *ptr;
	unsigned int flags;
};
struct io_buffer_list {
	struct list_head buf_list;
	struct io_uring_buf_ring *buf_ring;
	int nbufs; /* 6.14 or so */
	uint16_t bgid, head, mask;
	uint16_t flags;			/* 6.12 */
	uint16_t buf_nr_pages;		/* 5.19 to 6.18: 0 for classic buffers */
	uint8_t is_mapped;		/* 6.4 to 6.7: it is a ring */
	uint8_t is_buf_ring, is_mmap;	/* 6.8 to 6.11, is_mmap from 6.4 on */
	struct io_mapped_region region; /* 6.14 */
};
struct io_ev_fd {
	unsigned int eventfd_async;
};
struct net_device {
	char name[16];
};
struct zcrx_rq {
	uint32_t nr_entries;
};
struct io_zcrx_ifq {
	uint32_t rq_entries; /* 6.15 to 6.18 */
	struct zcrx_rq rq;   /* 7.x */
	uint32_t if_rxq;
	struct net_device *netdev;
};
struct io_napi_entry {
	unsigned int napi_id;
	struct list_head list;
};
struct io_bpf_filter;
struct io_bpf_filters {
	struct io_bpf_filter **filters;
};
struct io_restriction {
	unsigned long register_op[1];
	unsigned long sqe_op[1]; /* two words on 7.x */
	uint8_t sqe_flags_allowed, sqe_flags_required;
	bool registered;		    /* up to 6.18 */
	bool op_registered, reg_registered; /* 7.x */
};

/* --- io_uring: workers and rings ------------------------------------------------------------------------------------ */

struct io_worker {
	unsigned long flags; /* 32 bits up to 6.6 */
	struct list_head all_list;
	struct task_struct *task;
	struct io_wq *wq;   /* 6.3 */
	struct io_wqe *wqe; /* up to 6.2 */
	struct io_wq_work *cur_work;
};
struct io_wq_acct {
	unsigned int nr_workers, max_workers;
	atomic_t nr_running;
	struct io_wq_work_list work_list;
	struct list_head all_list; /* 6.15 */
};
/* up to 6.2, one for each NUMA node */
struct io_wqe_acct {
	unsigned int nr_workers, max_workers;
	atomic_t nr_running;
	struct io_wq_work_list work_list;
};
struct io_wqe {
	struct io_wq *wq;
	struct io_wqe_acct acct[2];
	struct list_head all_list;
};
struct io_wq {
	struct io_wq_acct acct[2];
	struct list_head all_list; /* 6.3 to 6.14 */
	struct task_struct *task;  /* whose it is */
	struct io_wqe *wqes[1];	   /* up to 6.2 */
};
struct io_uring_task {
	const struct io_ring_ctx *last;
	struct io_wq *io_wq;
	struct xarray xa;
	struct task_struct *task;	   /* 6.13 */
	struct file *registered_rings[16]; /* 5.18 */
	struct llist_head task_list;	   /* a list of another kind up to 5.19, an mpscq on 7.x */
	struct llist_node *task_head;	   /* 7.x: where that begins */
	atomic_t inflight_tracked;	   /* its requests whose file is a ring */
};
struct io_tctx_node {
	struct list_head ctx_node;
	struct task_struct *task;
	struct io_ring_ctx *ctx; /* 5.12; before that, tables have files instead */
};
struct io_sq_data {
	atomic_t park_pending;
	struct task_struct *thread;
	unsigned int sq_thread_idle;
	int sq_cpu;
	int task_pid, task_tgid;
	uint64_t work_time; /* 6.9 */
	unsigned long state;
};
struct io_hash_bucket {
	struct hlist_head list;
};
struct io_hash_table {
	struct io_hash_bucket *hbs;
	unsigned int hash_bits;
};
struct io_submit_link {
	struct io_kiocb *head;
};
struct io_submit_state {
	struct io_wq_work_node free_list;
	struct io_submit_link link; /* 5.12 */
};
struct io_uring {
	uint32_t head, tail;
};
struct io_rings {
	struct io_uring sq, cq;
	uint32_t sq_ring_mask, cq_ring_mask, sq_ring_entries, cq_ring_entries, sq_dropped;
	uint32_t sq_flags;
	uint32_t cq_flags, cq_overflow;
	struct io_uring_cqe cqes[1];
};
struct io_rings___atomic {
	atomic_t sq_flags; /* 6.1 */
};
struct work_struct {
	void *func;
};
struct io_ring_ctx {
	struct percpu_ref refs;
	struct io_rings *rings;
	unsigned int flags;
	unsigned int restricted : 1; /* up to 6.18 */
	unsigned int int_flags;	     /* 7.x */
	uint32_t *sq_array;
	void *sq_sqes;
	unsigned int locked_free_nr; /* up to 6.8 */
	unsigned int cached_sq_head, sq_entries, cached_cq_tail, cq_entries;
	struct xarray personalities;
	struct user_struct *user;
	struct mm_struct *mm_account;
	struct task_struct *submitter_task; /* 6.0 */
	struct list_head tctx_list;
	/* SQPOLL */
	unsigned int sq_thread_idle;
	const struct cred *sq_creds;
	struct io_sq_data *sq_data;
	/* restrictions */
	struct io_restriction restrictions;
	struct io_bpf_filter **bpf_filters; /* 7.x */
	/* files and buffers */
	struct io_file_table file_table;
	unsigned int nr_user_files, nr_user_bufs; /* up to 6.12 */
	struct io_mapped_ubuf **user_bufs;	  /* up to 6.12 */
	struct io_rsrc_data buf_table;		  /* 6.13 */
	/* provided buffers */
	struct xarray io_buffers;     /* up to 5.18 */
	struct io_buffer_list *io_bl; /* 5.19 to 6.10: groups below 64, the others in io_bl_xa */
	struct xarray io_bl_xa;	      /* 5.19 */
	/* eventfd */
	void *cq_ev_fd;			/* up to 5.17 */
	unsigned int eventfd_async : 1; /* up to 5.17 */
	struct io_ev_fd *io_ev_fd;	/* 5.18 */
	/* requests */
	struct hlist_head *cancel_hash; /* up to 5.19 */
	unsigned int cancel_hash_bits;
	struct io_hash_table cancel_table;	  /* 6.0 */
	struct io_hash_table cancel_table_locked; /* 6.0 to 6.12 */
	struct list_head defer_list, timeout_list, ltimeout_list, cq_overflow_list;
	struct io_wq_work_list iopoll_list;	   /* up to 5.15 and on 7.x a struct list_head */
	struct llist_head work_llist;		   /* 6.1; on 7.x the next two */
	struct llist_head retry_llist;		   /* 6.13, up to 7.1 */
	struct mpscq work_list;			   /* 7.x */
	struct llist_node *work_head;		   /* 7.x */
	struct hlist_head futex_list, waitid_list; /* 6.7 */
	struct hlist_head cancelable_uring_cmd;	   /* 6.7 */
	struct io_submit_state submit_state;
	unsigned int nr_req_allocated; /* 6.16 */
	/* NAPI, 6.9 */
	struct list_head napi_list;
	unsigned int napi_busy_poll_to; /* 6.9 and 6.10, in us */
	int64_t napi_busy_poll_dt;	/* 6.11, in ns */
	bool napi_prefer_busy_poll;
	bool napi_enabled;	 /* up to 6.12 */
	uint8_t napi_track_mode; /* 6.13 */
	/* zero-copy receive */
	struct io_zcrx_ifq *ifq; /* 6.15 */
	struct xarray zcrx_ctxs; /* 6.16 */
	uint32_t iowq_limits[2]; /* 5.15 */
	struct work_struct exit_work;
};

enum io_uring_op { IORING_OP_LAST = 37 }; /* 5.10; more since */

#pragma clang attribute pop

#endif
