"""AWS, played by moto in a process of its own, made to check what AWS checks and moto does not.

moto keeps the users, keys and policies, and verifies signatures. It reads no date of a request, no state of a key, no
end of a session; of policies it reads no condition, no boundary and hardly a resource; it deletes users that something
belongs to. All that is added here.
"""
