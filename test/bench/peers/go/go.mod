module sidekey-bench-peer

go 1.21
