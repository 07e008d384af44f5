-- An order journal as the release with schema version 1 wrote it.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE commissions (exec_id TEXT PRIMARY KEY, commission TEXT, currency TEXT NOT NULL, realized TEXT) STRICT;
INSERT INTO "commissions" VALUES('a.b.01.02','0.35','USD',NULL);
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
    strategy TEXT NOT NULL
) STRICT;
INSERT INTO "executions" VALUES('a.b.01','a.b.01.02','k1',5,900,17,'DU1','AAPL',265598,'BUY','3',150.0,'SMART','2026-11-20T15:00:00+00:00','s');
INSERT INTO "executions" VALUES('a.c.01','a.c.01.01','k2',6,901,17,'DU1','AAPL',700001,'BUY','1',2.5,'SMART','2026-11-20T15:00:00+00:00','');
INSERT INTO "executions" VALUES('a.d.01','a.d.01.01','ext:77',0,77,0,'DU1','AAPL',28812380,'BUY','1',-1.25,'SMART','2026-11-20T15:00:00+00:00','');
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
INSERT INTO "journal" VALUES(1,'2026-11-20T15:00:00+00:00','intent','k1','{"order_id":5,"client_id":17,"perm_ids":[900],"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"tif":"DAY","status":"SUBMITTED","filled":"0","strategy":"s","reason":"","doubt":""}');
INSERT INTO "journal" VALUES(2,'2026-11-20T15:00:00+00:00','execution','k1','{"exec_id":"a.b.01.01","key":"k1","order_id":5,"perm_id":900,"client_id":17,"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"4","price":150.0,"exchange":"SMART","time":"2026-11-20T15:00:00+00:00","strategy":"s","commission":null,"currency":"","realized":null,"sec_type":"STK"}');
INSERT INTO "journal" VALUES(3,'2026-11-20T15:00:00+00:00','execution','k1','{"exec_id":"a.b.01.02","key":"k1","order_id":5,"perm_id":900,"client_id":17,"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"3","price":150.0,"exchange":"SMART","time":"2026-11-20T15:00:00+00:00","strategy":"s","commission":null,"currency":"","realized":null,"sec_type":"STK"}');
INSERT INTO "journal" VALUES(4,'2026-11-20T15:00:00+00:00','execution','k2','{"exec_id":"a.c.01.01","key":"k2","order_id":6,"perm_id":901,"client_id":17,"account":"DU1","symbol":"AAPL","con_id":700001,"side":"BUY","quantity":"1","price":2.5,"exchange":"SMART","time":"2026-11-20T15:00:00+00:00","strategy":"","commission":null,"currency":"","realized":null,"sec_type":"OPT"}');
INSERT INTO "journal" VALUES(5,'2026-11-20T15:00:00+00:00','execution','ext:77','{"exec_id":"a.d.01.01","key":"ext:77","order_id":0,"perm_id":77,"client_id":0,"account":"DU1","symbol":"AAPL","con_id":28812380,"side":"BUY","quantity":"1","price":-1.25,"exchange":"SMART","time":"2026-11-20T15:00:00+00:00","strategy":"","commission":null,"currency":"","realized":null,"sec_type":"BAG"}');
INSERT INTO "journal" VALUES(6,'2026-11-20T15:00:00+00:00','unknown','k2','{"order_id":6,"client_id":17,"perm_ids":[901],"account":"DU1","symbol":"AAPL","con_id":265598,"side":"BUY","quantity":"10","order_type":"LMT","limit":150.0,"stop":null,"tif":"DAY","status":"UNKNOWN","filled":"0","strategy":"s","reason":"gone from the broker without a word of its end; compare positions","doubt":""}');
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
    state TEXT NOT NULL
) STRICT;
INSERT INTO "orders" VALUES('k1',5,17,'900','DU1','AAPL',265598,'BUY','10','LMT',150.0,NULL,'DAY','SUBMITTED','0',NULL,'0','s','',0,'2026-11-20T15:00:00+00:00','2026-11-20T15:00:00+00:00',1,'{"key":"k1","order_id":5,"client_id":17,"contract":["Contract","AAPL","STK","SMART","USD",265598,"","",0.0,"","","",""],"terms":["OrderTerms","DU1","BUY","10","LMT",150.0,null,"DAY","k1",false,true],"strategy":"s","created":"2026-11-20T15:00:00Z","updated":"2026-11-20T15:00:00Z","heard":0.0,"reported":"SUBMITTED","perm_ids":[900],"external":false,"acknowledged":true,"cancelling":false,"pending":null,"modified":false,"totals":{"filled":"0","average_price":null,"commission":"0"},"told":"0","reason":"","rejection":"","doubt":"","absent_since":null,"held":false}');
INSERT INTO "orders" VALUES('k2',6,17,'901','DU1','AAPL',265598,'BUY','10','LMT',150.0,NULL,'DAY','UNKNOWN','0',NULL,'0','s','gone from the broker without a word of its end; compare positions',0,'2026-11-20T15:00:00+00:00','2026-11-20T15:00:00+00:00',1,'{"key":"k2","order_id":6,"client_id":17,"contract":["Contract","AAPL","STK","SMART","USD",265598,"","",0.0,"","","",""],"terms":["OrderTerms","DU1","BUY","10","LMT",150.0,null,"DAY","k2",false,true],"strategy":"s","created":"2026-11-20T15:00:00Z","updated":"2026-11-20T15:00:00Z","heard":0.0,"reported":"UNKNOWN","perm_ids":[901],"external":false,"acknowledged":false,"cancelling":false,"pending":null,"modified":false,"totals":{"filled":"0","average_price":null,"commission":"0"},"told":"0","reason":"gone from the broker without a word of its end; compare positions","rejection":"","doubt":"","absent_since":null,"held":true}');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "settings" VALUES('halt','too hot');
INSERT INTO "settings" VALUES('floor','41');
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE UNIQUE INDEX orders_by_id ON orders (order_id) WHERE external = 0;
CREATE INDEX orders_to_read ON orders (open, updated);
CREATE INDEX executions_by_key ON executions (key);
CREATE INDEX executions_by_time ON executions (time);
CREATE VIEW fills AS
    SELECT executions.*, commissions.commission, commissions.currency, commissions.realized
    FROM executions LEFT JOIN commissions USING (exec_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('journal',6);
COMMIT;
