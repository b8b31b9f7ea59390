"""What CI systems need: matrices of jobs, workflows, keys of caches, reports of strangers."""
