"""MQTT 3.1.1, sans-IO: packets, topics, the server side of one connection, and who gets what.

Clauses in brackets, e.g. [MQTT-3.1.2-1], are those of the OASIS standard "MQTT Version 3.1.1".
"""
