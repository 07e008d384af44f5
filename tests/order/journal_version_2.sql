-- An order journal as the release with schema version 2 wrote it.
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE commissions (exec_id TEXT PRIMARY KEY, commission TEXT, currency TEXT NOT NULL, realized TEXT) STRICT;
CREATE TABLE executions (
    stem TEXT PRIMARY KEY,
    exec_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    perm_id INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    con_id INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price REAL NOT NULL,
    exchange TEXT NOT NULL,
    time TEXT NOT NULL,
    strategy TEXT NOT NULL,
    sec_type TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "executions" VALUES('00e.1','00e.1.01','schlüssel-1',1,900,17,'DU1','AAPL',265598,'BUY','1',150.5,'SMART','2026-11-20T15:00:01+00:00','','');
INSERT INTO "executions" VALUES('00e.2','00e.2.01','schlüssel-2',2,900,17,'DU1','AAPL',265598,'BUY','1',150.5,'SMART','2026-11-20T15:00:02+00:00','','');
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
INSERT INTO "journal" VALUES(1,'2026-11-20T15:00:00+00:00','intent','schlüssel-1','{"order_id":1,"client_id":17,"perm_ids":[],"account":"DU1","symbol":"AAPL","con_id":265598,"contract":"AAPL","side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"trail":null,"trail_percent":null,"limit_offset":null,"tif":"DAY","good_till":null,"parent":"","oca_group":"","status":"INTENT","filled":"0","strategy":"s","reason":"","doubt":""}');
INSERT INTO "journal" VALUES(2,'2026-11-20T15:00:01+00:00','submitted','schlüssel-1','{"order_id":1,"client_id":17,"perm_ids":[],"account":"DU1","symbol":"AAPL","con_id":265598,"contract":"AAPL","side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"trail":null,"trail_percent":null,"limit_offset":null,"tif":"DAY","good_till":null,"parent":"","oca_group":"","status":"SUBMITTED","filled":"0","strategy":"s","reason":"","doubt":""}');
INSERT INTO "journal" VALUES(3,'2026-11-20T15:00:01+00:00','execution','schlüssel-1','{"exec_id":"00e.1.01","key":"schlüssel-1","order_id":1,"perm_id":900,"client_id":17,"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"1","price":150.5,"exchange":"SMART","time":"2026-11-20T15:00:01+00:00","strategy":"","sec_type":"","commission":null,"currency":"","realized":null}');
INSERT INTO "journal" VALUES(4,'2026-11-20T15:00:00+00:00','intent','schlüssel-2','{"order_id":2,"client_id":17,"perm_ids":[],"account":"DU1","symbol":"AAPL","con_id":265598,"contract":"AAPL","side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"trail":null,"trail_percent":null,"limit_offset":null,"tif":"DAY","good_till":null,"parent":"","oca_group":"","status":"INTENT","filled":"0","strategy":"s","reason":"","doubt":""}');
INSERT INTO "journal" VALUES(5,'2026-11-20T15:00:02+00:00','submitted','schlüssel-2','{"order_id":2,"client_id":17,"perm_ids":[],"account":"DU1","symbol":"AAPL","con_id":265598,"contract":"AAPL","side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"trail":null,"trail_percent":null,"limit_offset":null,"tif":"DAY","good_till":null,"parent":"","oca_group":"","status":"SUBMITTED","filled":"0","strategy":"s","reason":"","doubt":""}');
INSERT INTO "journal" VALUES(6,'2026-11-20T15:00:02+00:00','execution','schlüssel-2','{"exec_id":"00e.2.01","key":"schlüssel-2","order_id":2,"perm_id":900,"client_id":17,"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"1","price":150.5,"exchange":"SMART","time":"2026-11-20T15:00:02+00:00","strategy":"","sec_type":"","commission":null,"currency":"","realized":null}');
CREATE TABLE orders (
    key TEXT PRIMARY KEY,
    order_id INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    perm_ids TEXT NOT NULL,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    con_id INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    order_type TEXT NOT NULL,
    limit_price REAL,
    stop_price REAL,
    tif TEXT NOT NULL,
    status TEXT NOT NULL,
    filled TEXT NOT NULL,
    average_price REAL,
    commission TEXT NOT NULL,
    strategy TEXT NOT NULL,
    reason TEXT NOT NULL,
    external INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    open INTEGER NOT NULL,
    state TEXT NOT NULL,
    trail REAL,
    trail_percent REAL,
    limit_offset REAL,
    good_till TEXT,
    parent TEXT NOT NULL DEFAULT '',
    oca_group TEXT NOT NULL DEFAULT '',
    held INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "orders" VALUES('schlüssel-1',1,17,'','DU1','AAPL',265598,'BUY','10','LMT',150.0,NULL,'DAY','SUBMITTED','0',NULL,'0','s','',0,'2026-11-20T15:00:00+00:00','2026-11-20T15:00:00+00:00',1,'{"key":"schlüssel-1","order_id":1,"client_id":17,"contract":["Contract","AAPL","STK","SMART","USD",265598,"","",0.0,"","","","",[]],"terms":["OrderTerms","DU1","BUY","10","LMT",150.0,null,"DAY","schlüssel-1",false,true,null,null,null,null,0,"",0],"strategy":"s","created":"2026-11-20T15:00:00Z","updated":"2026-11-20T15:00:00Z","heard":0.0,"reported":"SUBMITTED","perm_ids":[],"external":false,"acknowledged":false,"cancelling":false,"pending":null,"dropped":null,"modified":false,"totals":{"filled":"0","average_price":null,"commission":"0","corrected":false},"told":"0","reason":"","rejection":"","doubt":"","doubted":0.0,"cancel_said":false,"cancel_shown":false,"absent_since":null,"held":false,"parent":"","settled":""}',NULL,NULL,NULL,NULL,'','',0);
INSERT INTO "orders" VALUES('schlüssel-2',2,17,'','DU1','AAPL',265598,'BUY','10','LMT',150.0,NULL,'DAY','SUBMITTED','0',NULL,'0','s','',0,'2026-11-20T15:00:00+00:00','2026-11-20T15:00:00+00:00',1,'{"key":"schlüssel-2","order_id":2,"client_id":17,"contract":["Contract","AAPL","STK","SMART","USD",265598,"","",0.0,"","","","",[]],"terms":["OrderTerms","DU1","BUY","10","LMT",150.0,null,"DAY","schlüssel-2",false,true,null,null,null,null,0,"",0],"strategy":"s","created":"2026-11-20T15:00:00Z","updated":"2026-11-20T15:00:00Z","heard":0.0,"reported":"SUBMITTED","perm_ids":[],"external":false,"acknowledged":false,"cancelling":false,"pending":null,"dropped":null,"modified":false,"totals":{"filled":"0","average_price":null,"commission":"0","corrected":false},"told":"0","reason":"","rejection":"","doubt":"","doubted":0.0,"cancel_said":false,"cancel_shown":false,"absent_since":null,"held":false,"parent":"","settled":""}',NULL,NULL,NULL,NULL,'','',0);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "settings" VALUES('halt','too hot');
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE UNIQUE INDEX orders_by_id ON orders (order_id) WHERE external = 0;
CREATE INDEX orders_to_read ON orders (open, updated);
CREATE INDEX orders_by_parent ON orders (parent) WHERE parent <> '';
CREATE INDEX orders_by_group ON orders (oca_group) WHERE oca_group <> '';
CREATE INDEX executions_by_key ON executions (key);
CREATE INDEX executions_by_time ON executions (time);
CREATE VIEW fills AS
    SELECT executions.*, commissions.commission, commissions.currency, commissions.realized
    FROM executions LEFT JOIN commissions USING (exec_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('journal',6);
COMMIT;
