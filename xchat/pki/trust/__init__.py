"""Put our root into the trust stores of a machine, and take exactly that out again.

A `Store` is one place where programs look for roots. Nothing is changed before it is known that
all may be; what a store was given is tried afterwards by a verification of the store's own; what
does not hold is taken out again. Roots are known by their fingerprints, so that an uninstallation
finds those of before a rotation, and touches no other.
"""
