PRAGMA application_id = 1165518189;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE body (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    line TEXT NOT NULL
) STRICT;
INSERT INTO "body" VALUES(1,'{"messages":[{"role":"user","content":"Where is my second parcel?"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "body" VALUES(2,'{"messages":[{"role":"user","content":"荷物はどこですか？"},{"role":"assistant","content":"発送しました。"}]}');
INSERT INTO "body" VALUES(3,'{"messages":[{"role":"user","content":"Größe?"},{"role":"assistant","content":""}]}');
INSERT INTO "body" VALUES(4,'{"messages":[{"role":"user","content":"Question 0"},{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"find_parcel","arguments":"{\"number\":\"A1\"}"},"type":"function"}]},{"role":"tool","content":"Berlin","tool_call_id":"c1"},{"role":"assistant","content":"In Berlin."}],"tools":[{"type":"function","function":{"name":"find_parcel","parameters":{}}}]}');
INSERT INTO "body" VALUES(5,'{"messages":[{"role":"user","content":"Question 1"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "body" VALUES(6,'{"messages":[{"role":"user","content":"Question 2"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "body" VALUES(7,'{"messages":[{"role":"user","content":"Question 3"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "body" VALUES(8,'{"messages":[{"role":"user","content":"Question 4"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "body" VALUES(9,'{"messages":[{"role":"user","content":"Gone"},{"role":"assistant","content":"It is on its way."}]}');
CREATE TABLE change (
    history_id INTEGER NOT NULL REFERENCES history ON DELETE CASCADE,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    before ANY NOT NULL,
    after ANY NOT NULL
) STRICT;
INSERT INTO "change" VALUES(1,1,3,'state',2,0);
INSERT INTO "change" VALUES(2,4,8,'state',2,0);
INSERT INTO "change" VALUES(3,1,1,'body','{"messages":[{"role":"user","content":"Where is my parcel?"},{"role":"assistant","content":"It is on its way."}]}','{"messages":[{"role":"user","content":"Where is my second parcel?"},{"role":"assistant","content":"It is on its way."}]}');
INSERT INTO "change" VALUES(4,2,2,'split',0,1);
INSERT INTO "change" VALUES(5,3,3,'state',0,1);
INSERT INTO "change" VALUES(6,4,4,'body','{"messages":[{"role":"user","content":"Question 0"},{"role":"assistant","content":"It is on its way."}]}','{"messages":[{"role":"user","content":"Question 0"},{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"find_parcel","arguments":"{\"number\":\"A1\"}"},"type":"function"}]},{"role":"tool","content":"Berlin","tool_call_id":"c1"},{"role":"assistant","content":"In Berlin."}],"tools":[{"type":"function","function":{"name":"find_parcel","parameters":{}}}]}');
INSERT INTO "change" VALUES(7,9,9,'state',2,0);
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    state INTEGER NOT NULL,
    split INTEGER NOT NULL,
    title TEXT NOT NULL,
    n_messages INTEGER NOT NULL,
    n_blocking INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO "conversation" VALUES(1,4294967296,0,0,'Where is my second parcel?',2,0,4900095015684879901,2);
INSERT INTO "conversation" VALUES(2,8589934592,0,1,'荷物はどこですか？',2,0,-3624770404383846517,1);
INSERT INTO "conversation" VALUES(3,12884901888,1,0,'Größe?',2,1,1043045111828299960,1);
INSERT INTO "conversation" VALUES(4,17179869184,0,0,'Question 0',4,0,-5436800797843827578,2);
INSERT INTO "conversation" VALUES(5,21474836480,0,0,'Question 1',2,0,3253906133108412491,1);
INSERT INTO "conversation" VALUES(6,25769803776,0,0,'Question 2',2,0,-7680073998032532055,1);
INSERT INTO "conversation" VALUES(7,30064771072,0,0,'Question 3',2,0,-5461547640242267615,1);
INSERT INTO "conversation" VALUES(8,34359738368,0,0,'Question 4',2,0,-4527601955904236841,1);
INSERT INTO "conversation" VALUES(9,38654705664,2,0,'Gone',2,0,4846013718288775381,1);
CREATE TABLE document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "document" VALUES('chat','1','A chat',1080.0,'{}');
CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    source TEXT NOT NULL,
    merge_key TEXT NOT NULL,
    count INTEGER NOT NULL,
    at REAL NOT NULL,
    touched_at REAL NOT NULL,
    undone INTEGER NOT NULL
) STRICT;
INSERT INTO "history" VALUES(1,'add','pasted','',3,1010.0,1010.0,0);
INSERT INTO "history" VALUES(2,'import','shop.jsonl','',5,1020.0,1020.0,0);
INSERT INTO "history" VALUES(3,'edit','','',1,1030.0,1030.0,0);
INSERT INTO "history" VALUES(4,'split','','',1,1040.0,1040.0,0);
INSERT INTO "history" VALUES(5,'delete','','',1,1050.0,1050.0,0);
INSERT INTO "history" VALUES(6,'edit','','',1,1060.0,1060.0,0);
INSERT INTO "history" VALUES(7,'add','','',1,1070.0,1070.0,1);
CREATE TABLE job (
    submission TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job_event (
    number INTEGER PRIMARY KEY,
    submission TEXT NOT NULL REFERENCES job ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (submission, event_id)
) STRICT;
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('model','gpt-4.1-mini');
CREATE TABLE token_count (
    id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    encoding TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (id, encoding)
) STRICT, WITHOUT ROWID;
INSERT INTO "token_count" VALUES(1,'o200k_base',7);
INSERT INTO "token_count" VALUES(2,'o200k_base',7);
INSERT INTO "token_count" VALUES(4,'o200k_base',7);
INSERT INTO "token_count" VALUES(5,'o200k_base',7);
INSERT INTO "token_count" VALUES(6,'o200k_base',7);
INSERT INTO "token_count" VALUES(7,'o200k_base',7);
INSERT INTO "token_count" VALUES(8,'o200k_base',7);
CREATE INDEX conversation_order
ON conversation (position, split, n_blocking) WHERE state = 0;
CREATE INDEX conversation_leftover ON conversation (state) WHERE state >= 2;
CREATE INDEX history_undone ON history (undone);
CREATE INDEX change_history ON change (history_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('conversation',9);
INSERT INTO "sqlite_sequence" VALUES('history',7);
COMMIT;
