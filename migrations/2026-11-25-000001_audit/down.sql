DROP TABLE audit_anchors;
DROP TABLE audit_head;
DROP TABLE audit;
