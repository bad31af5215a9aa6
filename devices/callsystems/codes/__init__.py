"""What alarm panels say, whichever line it comes over: Contact ID and SIA codes, as tables.

DC-09, Sur-Gard and Ademco 685 carry the same two vocabularies. A code no table knows is kept with
its name; it is raised as an alarm of kind unknown unless its class says that it cannot be a call
for help. The number of the point a panel names becomes `Reading.zone` as `account/point`, never the
bare number: point 1 of a panel is not the room called "1".

Sources: SIA DC-05 (Contact ID) and SIA DC-03 (event codes), read in the lists of the packages
siadc09 1.0.1 (public domain, follows the 2026 editions) and pysiaalarm 3.2.2; each row says which.
"""
