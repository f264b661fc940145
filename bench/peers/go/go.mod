module crier-bench-go

go 1.19
