#!/usr/bin/env python3
"""Matrix products and other kernels by a peer, timed as Benchmarks/bench asks: a request a line on standard input, an
answer a line on standard output.

    gemm_peers.py --library openblas|blis     sgemm of Debian's libopenblas0-pthread or libblis4-pthread, through ctypes
    gemm_peers.py --library torch             PyTorch (oneDNN or MKL) in float32 and bf16, and its norms, attention, …
    gemm_peers.py --library torch --list      alone: its version, and a few products at once

The first line it prints is {"library": …, "version": …}. A request is a work of `measure --list` with "seconds"; the
answer is {"rate": …} in the work's unit, or {"absent": …} for what the library does not have. C = A.B^T, row-major; the
result is compared with a computation in float64 on a few elements before it is timed.
"""

import argparse
import ctypes
import ctypes.util
import glob
import json
import os
import sys
import time

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112
FILES = {
    "openblas": ["/usr/lib/*/openblas-pthread/libopenblas.so.0", "/usr/lib/*/openblas-pthread/libblas.so.3"],
    "blis": ["/usr/lib/*/blis-pthread/libblis.so.4", "/usr/lib/*/blis-pthread/libblas.so.3"],
}


def median_rate(run, amount, seconds):
    """Units a second: the median of five equally long parts."""
    run()
    began = time.perf_counter()
    run()
    single = max(1e-6, time.perf_counter() - began)
    repeats = max(1, int(seconds / 5 / single))
    parts = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(repeats):
            run()
        parts.append((time.perf_counter() - began) / repeats)
    return amount / sorted(parts)[2]


def check(found, a, b, bits):
    """Compares some elements of the product of rows with float64; `bits` of the result's own rounding."""
    import numpy

    m, n, k = a.shape[0], b.shape[0], a.shape[1]
    for row in range(0, m, max(1, m // 5)):
        for column in range(0, n, max(1, n // 5)):
            terms = a[row].astype(numpy.float64) * b[column].astype(numpy.float64)
            bound = 2.0**-24 * k * abs(terms).sum() + 2.0**-bits * abs(terms.sum())
            if not abs(found[row, column] - terms.sum()) <= bound:
                raise ValueError(f"product element [{row}, {column}] is {found[row, column]}, expected {terms.sum()}")


class BLAS:
    """A shared library with the C interface of BLAS."""

    def __init__(self, name):
        import numpy

        self.numpy = numpy
        files = [file for pattern in FILES[name] for file in sorted(glob.glob(pattern))]
        if not files:
            raise ImportError(f"no {name}: none of {', '.join(FILES[name])}")
        self.name, self.library = name, ctypes.CDLL(files[0])
        self.sgemm = self.library.cblas_sgemm

    def version(self):
        if self.name == "openblas":
            self.library.openblas_get_config.restype = ctypes.c_char_p
            return self.library.openblas_get_config().decode()
        self.library.bli_info_get_version_str.restype = ctypes.c_char_p
        return "BLIS " + self.library.bli_info_get_version_str().decode()

    def set_threads(self, count):
        if self.name == "openblas":
            self.library.openblas_set_num_threads(ctypes.c_int(count))
        else:
            self.library.bli_thread_set_num_threads(ctypes.c_int64(count))

    def prepare(self, work):
        if work["operation"] != "gemm" or work["precision"] != "f32":
            return None
        m, n, k = work["sizes"]
        numbers = self.numpy.random.default_rng(1)
        a = numbers.random((m, k), dtype=self.numpy.float32) - 0.5
        b = numbers.random((n, k), dtype=self.numpy.float32) - 0.5
        c = self.numpy.empty((m, n), dtype=self.numpy.float32)
        pointers = [ctypes.c_void_p(matrix.ctypes.data) for matrix in (a, b, c)]
        whole, real = ctypes.c_int, ctypes.c_float
        arguments = [ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, whole(m), whole(n), whole(k), real(1), pointers[0], whole(k)]
        arguments += [pointers[1], whole(k), real(0), pointers[2], whole(n)]
        run = lambda: self.sgemm(*arguments)
        run()
        check(c, a, b, 24)
        run.kept = (a, b, c)  # the library sees addresses only
        return run, 2 * m * n * k / 1e9


class Torch:
    def __init__(self):
        import torch

        self.torch = torch
        torch.set_grad_enabled(False)

    def version(self):
        return "PyTorch " + self.torch.__version__

    def set_threads(self, count):
        self.torch.set_num_threads(count)

    def prepare(self, work):
        torch, sizes = self.torch, work["sizes"]
        torch.manual_seed(1)
        if work["operation"] == "gemm":
            m, n, k = sizes
            dtype = torch.bfloat16 if work["precision"] == "bf16" else torch.float32
            a, b = (torch.rand(m, k) - 0.5).to(dtype), (torch.rand(n, k) - 0.5).to(dtype)
            run = lambda: torch.nn.functional.linear(a, b)
            check(run().float().numpy(), a.float().numpy(), b.float().numpy(), 8 if dtype == torch.bfloat16 else 24)
            return run, 2 * m * n * k / 1e9
        if work["operation"] in ("exp", "log"):
            x, out = torch.rand(sizes) + 0.5, torch.empty(sizes)
            function = getattr(torch, work["operation"])
            return (lambda: function(x, out=out)), 8 * x.numel() / 1e9
        if work["operation"] == "silu-multiply":
            gate, up = torch.randn(sizes), torch.randn(sizes)
            return (lambda: torch.nn.functional.silu(gate) * up), 12 * gate.numel() / 1e9
        if work["operation"] == "rmsnorm":
            x, weight = torch.randn(sizes), torch.ones(sizes[1])
            return (lambda: torch.nn.functional.rms_norm(x, sizes[1:], weight, 1e-5)), 8 * x.numel() / 1e9
        if work["operation"] == "logprob":
            x, targets = torch.randn(sizes), torch.randint(0, sizes[1], (sizes[0],))
            run = lambda: torch.nn.functional.cross_entropy(x, targets, reduction="none")
            return run, 4 * x.numel() / 1e9
        if work["operation"] == "adamw":
            parameter = torch.nn.Parameter(torch.ones(sizes))
            parameter.grad = torch.randn(sizes)
            optimizer = torch.optim.AdamW([parameter], fused=True)
            return optimizer.step, 28 * parameter.numel() / 1e9
        if work["operation"].startswith("attention"):
            return self.attention(work)
        return None

    def attention(self, work):
        torch = self.torch
        rows, prefix, group, width = work["sizes"]
        is_backward = work["operation"] == "attention-backward"
        q = torch.randn(1, group, rows, width, requires_grad=is_backward)
        # One KV head, as grouped queries see it.
        k, v = (torch.randn(1, 1, prefix + rows, width, requires_grad=is_backward) for _ in range(2))
        mask = torch.ones(rows, prefix + rows, dtype=torch.bool).tril(prefix)
        forward = lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        pairs = (rows * prefix + rows * (rows + 1) / 2) * group
        if not is_backward:
            return forward, 4 * pairs * width / 1e9
        with torch.enable_grad():
            out = forward()
        gradient = torch.randn_like(out)
        run = lambda: torch.autograd.grad(out, (q, k, v), gradient, retain_graph=True)
        return run, 10 * pairs * width / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", choices=["openblas", "blis", "torch"], required=True)
    parser.add_argument("--threads", type=int, default=2, help="the most that will be asked for")
    parser.add_argument("--list", action="store_true", help="measure a few products and end")
    options = parser.parse_args()
    # Libraries size their pools when they are loaded.
    for name in ("OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    try:
        library = Torch() if options.library == "torch" else BLAS(options.library)
    except (ImportError, OSError) as error:
        print(json.dumps({"absent": str(error)}), flush=True)
        return
    print(json.dumps({"library": options.library, "version": library.version()}), flush=True)
    shapes = [[512, 576, 576], [512, 1536, 576], [1024, 1024, 1024]] if options.list else []
    lines = [
        json.dumps({"operation": "gemm", "sizes": sizes, "precision": "f32", "threads": 1, "seconds": 0.3})
        for sizes in shapes
    ]
    last, prepared = None, None
    for line in lines or sys.stdin:
        request = json.loads(line)
        seconds = request.pop("seconds")
        try:
            if request != last:
                prepared = None
                prepared, last = library.prepare(request), request
            if prepared is None:
                answer = {"absent": "not measured by this library"}
            else:
                library.set_threads(request["threads"])
                answer = {"rate": median_rate(*prepared, seconds)}
        except (ValueError, RuntimeError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
