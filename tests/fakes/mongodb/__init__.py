"""A small MongoDB: its wire protocol, SCRAM-SHA-256, users, roles and the privileges that each command asks for.

What it answers follows the manual of MongoDB 7.0 and its list of error codes. tests/integration/backends compares it
with FerretDB, a server that others wrote, in what that server knows too. It is one standalone `mongod` with `--auth`.
"""
