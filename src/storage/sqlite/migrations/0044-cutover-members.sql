-- Whom the switch suspended is told by the membership as it was and as it is; nobody read this.
ALTER TABLE cutover_members DROP COLUMN is_switched_off;
