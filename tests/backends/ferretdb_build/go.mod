module trstctl.example/tests/ferretdb

go 1.21

require github.com/FerretDB/FerretDB v1.24.0 // indirect
